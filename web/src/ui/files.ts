/** Hands a file to the browser to keep. */

export function saveFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A table for a spreadsheet; the mark at its beginning says UTF-8 to those that would guess. */
export function saveCsv(table: string, name: string): void {
  saveFile(new Blob(["\ufeff", table], { type: "text/csv;charset=utf-8" }), name);
}
