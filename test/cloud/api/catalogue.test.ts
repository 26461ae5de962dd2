import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { copyProject } from '../../support/cloud/copy-project.ts'

const { folder: project, write, synthesize, remove } = copyProject({ validated: false })
afterAll(remove)

it('reports all issues of agents and workflows as lines, without a stack trace', () => {
  cpSync(join(project, 'functions/agents/echo'), join(project, 'functions/agents/other'), { recursive: true })
  write('workflows/broken.yaml', 'name: broken\nsteps:\n  a: { capability: echo, needs: [b] }\n')
  write('workflows/dup.yaml', 'name: dup\ntaskTypes: [simple]\nsteps:\n  a: { capability: ecco }\n')
  write('workflows/picky.yml', 'name: picky\nsteps:\n  a: { capability: echo, prefer: { speed: 1 } }\n')
  const refused = synthesize()
  expect(refused.status).toBe(2)
  expect(refused.stderr.trim().split('\n')).toEqual([
    'functions/agents/other/index.ts: it declares agent "echo"; its folder says "other"',
    expect.stringMatching(/^workflows\/broken\.yaml:3:34: steps\.a\.needs\[0\]: step "a" needs "b"/),
    expect.stringMatching(
      /^workflows\/picky\.yml:3:36: steps\.a\.prefer\.speed: prefer has no "speed"; known: cost, latency/,
    ),
    'workflows/simple.yaml:2:1: "simple" is claimed by simple here, and by dup in workflows/dup.yaml:2:13',
  ])

  rmSync(join(project, 'functions/agents/other'), { recursive: true })
  rmSync(join(project, 'workflows/broken.yaml'))
  rmSync(join(project, 'workflows/picky.yml'))
  write('workflows/dup.yaml', 'name: dup\nsteps:\n  a: { capability: ecco }\n  b: { workflow: simpel }\n')
  const warned = synthesize()
  expect(warned.status).toBe(0)
  expect(warned.stderr).toContain(
    'warning: workflow dup, step "a": no agent here offers "ecco"; did you mean "echo"?',
  )
  expect(warned.stderr).toContain(
    'warning: workflow dup, step "b": no workflow here is called "simpel"; did you mean "simple"?',
  )
})
