import type { AgentView } from '../../shared/contracts/agent-views.ts'

/** What an agent needs from its stage, a line for each kind; none for an agent that needs nothing. */
export function describeNeeds(needs: AgentView['needs']): string[] {
  if (!needs) return []
  const { models, secrets = [], policies = [], environment = {}, vpc, hosts, email, webhooks } = needs
  const flags = Object.entries({ hosts, email, webhooks }).filter(([, needed]) => needed === true)
  const lines: [string, readonly string[]][] = [
    ['models', models],
    ['secrets', secrets],
    ['from the stage', flags.map(([name]) => name)],
    ['variables', Object.keys(environment)],
    ['network', vpc ? [...vpc.subnets, ...vpc.securityGroups].map(shownId) : []],
    ...policies.map(({ actions, resources, why }): [string, readonly string[]] => [
      'may',
      [`${actions.join(', ')} on ${resources.join(', ')}${why === undefined ? '' : ` (${why})`}`],
    ]),
  ]
  return lines.flatMap(([title, all]) =>
    all.length > 0 ? [`${title === 'may' ? 'may' : `needs ${title}:`} ${all.join(', ')}`] : [],
  )
}

const shownId = (id: string | { parameter: string }): string =>
  typeof id === 'string' ? id : `that of ${id.parameter}`
