/**
 * Lookup in objects whose member names users choose: a plain lookup would also find inherited members such as `constructor`, `toString`
 * and `__proto__`.
 */

/** An object's own member; undefined for inherited ones. */
export function ownOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}
