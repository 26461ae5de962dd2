/** The reason why a JSONPath definition has no exact equivalent in JSONata. */
export class NotTranslatable extends Error {
  override readonly name = 'NotTranslatable'
}

const STEP = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^'\]]*)'\]|\["([^"\]]*)"\]/y

/** A simple path (names and indexes) as a JSONata expression; `root` stands for `$`. */
export function pathToExpression(path: string, root: string): string {
  if (path.startsWith('$$')) return `$states.context${stepsOf(path.slice(2), path)}`
  const variable = /^\$([A-Za-z_]\w*)/.exec(path)
  if (variable?.[1]) return `$${variable[1]}${stepsOf(path.slice(variable[0].length), path)}`
  if (path.startsWith('$')) return `${root}${stepsOf(path.slice(1), path)}`
  throw new NotTranslatable(path.startsWith('States.') ? 'an intrinsic function' : `the path ${path}`)
}

function stepsOf(text: string, path: string): string {
  let steps = ''
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (!match) throw new NotTranslatable(`the path ${path}`)
    const [, dotted, index, quoted, doubleQuoted] = match
    const name = dotted ?? quoted ?? doubleQuoted
    if (name?.includes('`')) throw new NotTranslatable(`the path ${path}`)
    steps += name === undefined ? `[${index}]` : `.\`${name}\``
  }
  return steps
}

export const asQuery = (expression: string): string => `{% ${expression} %}`

/** A payload template: each `name.$` becomes `name` with a query; everything else stays as it is. */
export function translateTemplate(template: unknown, root: string): unknown {
  if (Array.isArray(template)) return template.map((member) => translateTemplate(member, root))
  if (typeof template === 'string' && template.startsWith('{%'))
    throw new NotTranslatable('a text like a query')
  if (typeof template !== 'object' || template === null) return template
  const fields = Object.entries(template).map(([key, value]) => {
    if (!key.endsWith('.$')) return [key, translateTemplate(value, root)]
    return [key.slice(0, -2), asQuery(pathToExpression(String(value), root))]
  })
  return Object.fromEntries(fields) as object
}

/** A translated template as one expression; arrays may hold only constants, because JSONata flattens others. */
export function templateToSource(template: unknown): string {
  if (typeof template === 'string') {
    return template.startsWith('{%') ? template.slice(2, -2).trim() : JSON.stringify(template)
  }
  if (typeof template !== 'object' || template === null) return JSON.stringify(template)
  if (Array.isArray(template)) {
    if (JSON.stringify(template).includes('{%')) throw new NotTranslatable('a list with paths inside')
    return JSON.stringify(template)
  }
  const fields = Object.entries(template).map(
    ([key, value]) => `${JSON.stringify(key)}: ${templateToSource(value)}`,
  )
  return `{${fields.join(', ')}}`
}
