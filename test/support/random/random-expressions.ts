import type { Random } from '../../../shared/domain/random.ts'
import { NAMES, pick, TEXTS } from './random-schemas.ts'

/**
 * An expression over `$v` and `$w`, as often invalid as valid. With `straight` all its parts are evaluated for any
 * values: it has no branches, and no parts that are evaluated for each item.
 */
export function randomExpression(random: Random, depth = 4, straight = false): string {
  const inner = (): string => randomExpression(random, depth - 1, straight)
  const name = (): string => pick(random, NAMES)
  const leaves = [
    () => pick(random, ['$v', '$w']),
    () => `${pick(random, ['$v', '$w'])}.${name()}`,
    () => `${pick(random, ['$v', '$w'])}.${name()}.${name()}`,
    () => `${pick(random, ['$v', '$w'])}.${name()}[0]`,
    () => `${pick(random, ['$v', '$w'])}.${name()}.${name()}[]`,
    () => pick(random, ['1', '2.5', 'true', 'null']),
    () => `"${pick(random, TEXTS)}"`,
  ]
  if (depth === 0) return pick(random, leaves)()
  const strict = [
    () => `(${inner()} ${pick(random, ['+', '-', '*', '<', '>=', '=', '!=', '&', 'in'])} ${inner()})`,
    () => `$${pick(random, UNARY)}(${inner()})`,
    () => `$${pick(random, BINARY)}(${inner()}, ${inner()})`,
    () => `[${inner()}, ${inner()}]`,
    () => `{"a": ${inner()}, "b": ${inner()}}`,
    () => `(${inner()}).${name()}`,
    () => `($x := ${inner()}; [$x, $x.${name()}])`,
    () => `(${inner()})[${pick(random, ['0', '-1'])}]`,
    () => `-(${inner()})`,
    () => `(${inner()} ~> $${pick(random, UNARY)})`,
  ]
  const loose = [
    () => `$lookup(${inner()}, "${name()}")`,
    () => `(${inner()})[1]`,
    () => `$${pick(random, ['keys', 'spread'])}(${inner()})`,
    () => `(${inner()} ? ${inner()} : ${inner()})`,
    () => `(${inner()} and ${inner()})`,
    () => `(${inner()})[${name()} = ${inner()}]`,
    () => `(${inner()}).(${pick(random, NAMES)} & "!")`,
    () => `(${inner()}).{"${name()}": ${name()}}`,
    () => `(${inner()}){${name()}: $count($)}`,
    () => `(${inner()})^(${name()})`,
    () => `(${inner()}).*`,
    () => `(${inner()})[]`,
    () =>
      `$map(${inner()}, function($i, $n) { ${pick(random, [`$i.${name()}`, '$n', inner(), '[$i]', `{"a": $i}`])} })`,
    () => `$filter(${inner()}, function($i) { $i.${name()} = ${inner()} })`,
    () =>
      `$reduce(${inner()}, function($s, $i) { ${pick(random, ['$s + $i', '$s & $i', '$append($s, $i)'])} }, ${inner()})`,
    () => `$sort(${inner()}, function($l, $r) { $l.${name()} > $r.${name()} })`,
    () => `$map(${inner()}, $${pick(random, UNARY)})`,
    () => `$each(${inner()}, function($value, $key) { [$key, $value] })`,
    () => `$sift(${inner()}, function($value) { $value = ${inner()} })`,
    () => `$single(${inner()}, function($i) { $i = ${inner()} })`,
    () => `$merge([${inner()}, ${inner()}])`,
    () => `[1..$count(${inner()})]`,
    () => `($f := function($n) { $n <= 0 ? ${inner()} : $f($n - 1) }; $f(2))`,
  ]
  return pick(
    random,
    straight ? [...leaves, ...strict, ...strict] : [...leaves, ...strict, ...loose, ...loose],
  )()
}

const UNARY =
  'sum count max average string length uppercase trim number floor abs boolean not exists type distinct reverse clone'.split(
    ' ',
  )
const BINARY = 'append contains split join round power substringBefore zip'.split(' ')
