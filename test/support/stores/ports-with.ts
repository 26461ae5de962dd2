type Method = (...parameters: never[]) => unknown
/** Some ports, each with some of its members. */
type Faked<Needs> = {
  readonly [Name in keyof Needs]?: Needs[Name] extends Method ? never : Partial<Needs[Name]>
}

/**
 * Ports of which a test fakes only the members that it expects to be used. Any other member throws an error that names it, so that code
 * which begins to use it fails with the reason. A port that is not faked may be passed on, but has no members.
 */
export function portsWith<Needs extends object>(faked: Faked<Needs>): Needs {
  const ports = Object.entries(faked).map(([name, port]) => [
    name,
    isObject(port) ? portWith(port, name) : port,
  ])
  return strict(Object.fromEntries(ports) as Needs, (name) => portWith({}, name))
}

/** One port of which a test fakes only some members; any other one throws an error that names it. */
export const portWith = <Port extends object>(faked: Partial<Port>, name = 'the port'): Port =>
  strict(faked as Port, (member) => {
    const known = Object.keys(faked).join(', ') || 'nothing'
    throw new Error(`the test does not fake ${member} of ${name}, only ${known}`)
  })

/** The object, with `missing` for members that it does not have. */
function strict<T extends object>(object: T, missing: (member: string) => unknown): T {
  return new Proxy(object, {
    get(target, member, receiver) {
      // A promise reads `then` of every value that it resolves with; symbols are read by the language and by vitest.
      if (member in target || typeof member === 'symbol' || member === 'then')
        return Reflect.get(target, member, receiver)
      return missing(member)
    },
  })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
