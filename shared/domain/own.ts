/**
 * Objects whose members have names that users chose. Every object has members that nobody put there (`constructor`, `toString`,
 * `__proto__`), and a plain lookup finds those as well.
 */

/** What an object has under a name of its own; undefined for what it only inherits. */
export function ownOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}
