/** Where a picture lies on a surface that has another shape: whole, centered, as large as it can be. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function fit(picture: Size, surface: Size): Rectangle {
  if (picture.width <= 0 || picture.height <= 0) return { x: 0, y: 0, width: 0, height: 0 };
  const scale = Math.min(surface.width / picture.width, surface.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (surface.width - width) / 2, y: (surface.height - height) / 2, width, height };
}
