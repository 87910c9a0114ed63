// Text that PostgreSQL can hold. A file name or an error message from a host may carry what it cannot, NUL and half surrogate pairs;
// without this, a report with such a name would be refused for ever and its backup never end.

/** The text with what cannot be stored replaced by U+FFFD. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{FFFD}");
}

/** A place in the order of keys that can be stored: the nearest one above those that cannot. */
export function storablePlace(key: string): string {
  return key.toWellFormed().replaceAll("\0", "\u{1}");
}

/** JSON for a jsonb column; null stays null. */
export function storableJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value, storable);
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? storableText(value) : value;
}
