import { NotTranslatable, pathToExpression } from './translate-paths.ts'

type Rule = Record<string, unknown>

/** A rule of a JSONPath Choice as a JSONata condition. In AWS a comparison is false when a value has another type than the operator's. */
export function ruleToCondition(rule: Rule, root: string): string {
  if (rule.Not) return `$not(${ruleToCondition(rule.Not as Rule, root)})`
  if (rule.And) return combined(rule.And as Rule[], 'and', root)
  if (rule.Or) return combined(rule.Or as Rule[], 'or', root)
  const { Next: _next, Variable, Comment: _comment, Assign: _assign, ...rest } = rule
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(rest)
  if (others.length > 0) throw new NotTranslatable(`the rule ${JSON.stringify(rule)}`)
  return comparison(pathToExpression(String(Variable), root), operator, operand, root)
}

const combined = (rules: Rule[], word: string, root: string): string =>
  `(${rules.map((rule) => ruleToCondition(rule, root)).join(` ${word} `)})`

const SYMBOLS: Readonly<Record<string, string>> = {
  Equals: '=',
  LessThan: '<',
  GreaterThan: '>',
  LessThanEquals: '<=',
  GreaterThanEquals: '>=',
}
const TYPE_TESTS: Readonly<Record<string, string>> = {
  IsNull: 'null',
  IsString: 'string',
  IsNumeric: 'number',
  IsBoolean: 'boolean',
}

function comparison(left: string, operator: string, operand: unknown, root: string): string {
  if (operator === 'IsPresent') return operand === true ? `$exists(${left})` : `$not($exists(${left}))`
  const tested = TYPE_TESTS[operator]
  if (tested) return `($type(${left}) = "${tested}") = ${String(operand === true)}`
  const [, kind = '', word = '', path] = /^(String|Numeric|Boolean)(.*?)(Path)?$/.exec(operator) ?? []
  const symbol = SYMBOLS[word]
  if (!symbol) throw new NotTranslatable(`the operator ${operator}`)
  const type = { String: 'string', Numeric: 'number', Boolean: 'boolean' }[kind]
  const right = path ? pathToExpression(String(operand), root) : JSON.stringify(operand)
  // `?:` because JSONata's `and` evaluates both sides, and `<` between a text and a number is an error.
  const typed = `$type(${left}) = "${type}" and $type(${right}) = "${type}"`
  return `(${typed} ? ${left} ${symbol} ${right} : false)`
}
