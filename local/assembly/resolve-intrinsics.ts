/** Resolves references; each may first wait for a resource to be provisioned. */
export type Lookup = {
  ref(logicalId: string): Promise<unknown>
  attribute(logicalId: string, name: string): Promise<unknown>
  imported(exportName: string): Promise<unknown>
}

type Intrinsic = (argument: unknown, lookup: Lookup) => Promise<unknown>

/** A template value with CloudFormation's intrinsic functions evaluated. */
export async function resolveIntrinsics(value: unknown, lookup: Lookup): Promise<unknown> {
  if (Array.isArray(value)) {
    const members = await Promise.all(value.map((member) => resolveIntrinsics(member, lookup)))
    return members.filter((member) => member !== undefined)
  }
  if (typeof value !== 'object' || value === null) return value
  const [[name, argument] = ['', undefined], ...others] = Object.entries(value)
  if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const intrinsic = INTRINSICS[name]
    if (!intrinsic)
      throw new Error(`the local cloud does not know ${name}; it knows ${Object.keys(INTRINSICS).join(', ')}`)
    return intrinsic(argument, lookup)
  }
  const members = await Promise.all(
    Object.entries(value).map(
      async ([key, member]) => [key, await resolveIntrinsics(member, lookup)] as const,
    ),
  )
  return Object.fromEntries(members.filter(([, member]) => member !== undefined))
}

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (logicalId, lookup) => lookup.ref(String(logicalId)),

  'Fn::GetAtt': (argument, lookup) => {
    const [logicalId = '', ...name] = Array.isArray(argument)
      ? argument.map(String)
      : String(argument).split('.')
    return lookup.attribute(logicalId, name.join('.'))
  },

  'Fn::Join': async (argument, lookup) => {
    const [separator, parts] = (await resolveIntrinsics(argument, lookup)) as [string, unknown[]]
    return parts.map(String).join(separator)
  },

  'Fn::Select': async (argument, lookup) => {
    const [index, list] = (await resolveIntrinsics(argument, lookup)) as [number | string, unknown[]]
    return list[Number(index)]
  },

  'Fn::Split': async (argument, lookup) => {
    const [separator, text] = (await resolveIntrinsics(argument, lookup)) as [string, string]
    return text.split(separator)
  },

  'Fn::ImportValue': async (argument, lookup) =>
    lookup.imported(String(await resolveIntrinsics(argument, lookup))),

  'Fn::Sub': async (argument, lookup) => {
    const [template, given] = Array.isArray(argument)
      ? (argument as [string, Record<string, unknown>])
      : [String(argument), {}]
    const values = (await resolveIntrinsics(given, lookup)) as Record<string, unknown>
    const names = [...template.matchAll(/\$\{([^!}][^}]*)\}/g)].map((match) => match[1] ?? '')
    const found = await Promise.all(names.map((name) => substituted(name, values, lookup)))
    return names.reduce((text, name, index) => text.replaceAll(`\${${name}}`, String(found[index])), template)
  },
}

function substituted(name: string, values: Record<string, unknown>, lookup: Lookup): Promise<unknown> {
  if (name in values) return Promise.resolve(values[name])
  const [logicalId = '', ...attribute] = name.split('.')
  return attribute.length > 0 ? lookup.attribute(logicalId, attribute.join('.')) : lookup.ref(name)
}
