import { describe, expect, it } from 'vitest'
import { referencesIn } from '../../../shared/workflow/references.ts'

const stepsIn = (text: string) => [...referencesIn(text).steps].sort()
const namesIn = (text: string) => [...referencesIn(text).variables].sort()

describe('referencesIn', () => {
  it.each<[string, string[]]>([
    ['$steps.a.rows', ['a']],
    ['$steps."a".rows[0]', ['a']],
    ['$status.a = "failed"', ['a']],
    ['$steps.a.rows{kind: $sum(n * $steps.b.factor)}', ['a', 'b']],
    ['$input{a: $steps.b}', ['b']],
    ['$sum($steps.a)[$steps.b.i]', ['a', 'b']],
    ['($x := [1, 2]; $x[$steps.b.ok])', ['b']],
    ['$[$steps.b.flag]', ['b']],
    ['function($x){$steps.b.v + $x}(1)', ['b']],
    ['$steps.a ~> $map(function($v){$v + $steps.b.n})', ['a', 'b']],
    ['$steps.a[$steps.b.i].x', ['a', 'b']],
    ['$input.x ? $steps.a : $steps.b', ['a', 'b']],
    ['$steps.a.items^(>$steps.b.key)', ['a', 'b']],
    ['$error($steps.a)[$steps.b.i]', ['a', 'b']],
    ['$substring($steps.a, ?)[$steps.b.i]', ['a', 'b']],
  ])('finds the steps of %s', (text, steps) => {
    expect(stepsIn(text)).toEqual(steps)
    expect(referencesIn(text).dynamicSteps).toBe(false)
  })

  it.each(['$steps', '$lookup($steps, "a")', '$steps[$input.i]', '$steps.*', '$keys($status)'])(
    'says that %s reads steps that only show at run time',
    (text) => expect(referencesIn(text).dynamicSteps).toBe(true),
  )

  it.each([
    '$input.items#$i.{"n": $i}',
    '$input.a@$v.($v.x)',
    '($a := $b := $input; $a + $b)',
    '$reduce($input, function($sum, $v){$sum + $v})',
    '$map($input, $string)',
    '$input ~> $count',
  ])('knows the names that %s binds itself', (text) => expect(namesIn(text)).toEqual(['input']))

  it('reports unknown functions, and $eval among them', () => {
    expect([...referencesIn('$foo($input) + $eval("1")').functions].sort()).toEqual(['eval', 'foo'])
  })
})
