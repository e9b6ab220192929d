/** Changing mode: the mode cell, and all that the engines derive from it. */
import { refreshFloat } from '../csr/float.js';
import { VIRTUAL } from '../hart.js';
import type { HartParts } from '../parts.js';

/** Sets the mode without counting or charging anything. */
export const setMode = ({ hart, regimes }: HartParts, privilege: number, virtual: boolean): void => {
  hart.cells32.mode = privilege + (virtual ? VIRTUAL : 0);
  refreshFloat(hart);
  regimes.update();
};

/** Sets the mode as part of a trap or a return from one that costs `cycles`, and charges that and the price of what changes. */
export const switchMode = (parts: HartParts, privilege: number, virtual: boolean, cycles: number): void => {
  const { hart } = parts;
  const { costs } = parts.options;
  let price = cycles;
  if (privilege !== hart.privilege) {
    hart.count('modeSwitches');
    price += costs.modeSwitch;
  }
  if (virtual !== hart.virtual) {
    hart.count('worldSwitches');
    price += costs.worldSwitch;
  }
  hart.charge(price);
  setMode(parts, privilege, virtual);
};
