const POSTGRES_TIMESTAMP = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)$/;

/**
 * A `timestamptz` as PostgreSQL prints it (`2026-11-22 09:25:36.84+00`) as a Date.
 *
 * Written out because `new Date()` of that text is up to the browser: a space for the T and an offset
 * of two digits are outside the ISO form that the language promises to read.
 */
export function parsePostgresTimestamp(text: string): Date {
  const [, day, time, offset] = POSTGRES_TIMESTAMP.exec(text) ?? [];
  if (day === undefined || time === undefined || offset === undefined) {
    throw new RangeError(`"${text}" is not a timestamp with time zone.`);
  }
  const digits = offset.slice(1).replace(':', '');
  const zone = offset === 'Z' ? 'Z' : `${offset[0] ?? '+'}${digits.slice(0, 2)}:${digits.slice(2) || '00'}`;
  return new Date(`${day}T${time}${zone}`);
}
