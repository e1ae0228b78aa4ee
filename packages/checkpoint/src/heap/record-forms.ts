/**
 * Numbers and tags that encoder and decoder share.
 *
 *   record        varint(detail*4 + form)
 *     plain       detail = shape, then one value a key
 *     array       detail = length, then its values
 *     holey       the same, with holes among them
 *                 (a piece of a large array, Map or Set has one of these two: pieces.ts)
 *     generic     detail = kind, flags, part count, creation parts, [owner count, owners, (count, private values)*],
 *                 [fill: one value (specials) | count, values], [own section, see own-properties.ts]
 */
export const formPlain = 0;
export const formArray = 1;
export const formGeneric = 2;
export const formHoley = 3;

// Flags of generic records: which optional parts follow.
export const genericOwn = 1;
export const genericPrivates = 2;
export const genericFill = 4;

// Kinds of records that are not objects of their own, or not made by a kind.
export const tagWeakEntries = 'weak entries';
export const tagBuiltinChange = 'built-in change';
export const tagNamed = 'named';

// How a symbol comes back.
export const symbolNamed = 0;
export const symbolRegistered = 1;
export const symbolUnique = 2;
export const symbolBare = 3;
