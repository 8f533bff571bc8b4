/** Edges and programs: letting a new one in by its code, and the tokens of those that are in. */

import type { JSX } from "preact";
import { PairingCard } from "./pairing";
import { TokensCard } from "./tokens";

export function DevicesSection({ code }: { readonly code: string }): JSX.Element {
  return (
    <div class="cards wide">
      <PairingCard key={code} code={code} />
      <TokensCard />
    </div>
  );
}
