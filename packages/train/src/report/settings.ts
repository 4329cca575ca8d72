/** Plain data as rows of a table: `architecture.layers.0` | `type Dense, units 64`. */

export type Row = readonly [name: string, value: string];

/** What holds objects is taken apart, by name or number; what holds none stays in one row. */
export function settingRows(settings: object, prefix = ''): Row[] {
  return Object.entries(settings).flatMap(([key, value]): Row[] => {
    const name = prefix + key;
    if (value === undefined) return [];
    return holdsObjects(value) ? settingRows(value, `${name}.`) : [[name, inline(value) || '–']];
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const holdsObjects = (value: unknown): value is object =>
  isObject(value) && Object.values(value).some((item) => (Array.isArray(item) ? holdsObjects(item) : isObject(item)));

function inline(value: unknown): string {
  if (!isObject(value)) return String(value);
  if (Array.isArray(value)) return value.map(inline).join(', ');
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${key} ${Array.isArray(item) ? `[${inline(item)}]` : inline(item)}`)
    .join(', ');
}
