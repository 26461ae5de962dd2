import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { TenantView } from '../../shared/contracts/deletion-views.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { say } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = { confirm?: string; wait?: boolean; status?: boolean; json?: boolean }

const PAUSE_MILLISECONDS = 15_000

export function deleteTenantCommand(): Command {
  return new Command('delete-tenant')
    .description('Delete a tenant with everything that it has; it takes half an hour at least')
    .argument('<tenant>', 'its name')
    .option('--confirm <tenant>', 'its name again: nothing comes back')
    .option('--status', 'show how far a deletion is, and begin none')
    .option('--wait', 'until it has ended')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator export --tenant acme --out ./acme\n  npx orchestrator delete-tenant acme --confirm acme --wait\n  npx orchestrator delete-tenant acme --status',
    )
    .action(async (tenant: string, { confirm, wait = false, status = false, json = false }: Options) => {
      if (status && confirm !== undefined) throw new CliError('--status begins nothing: leave --confirm out')
      if (!status && confirm !== tenant)
        throw new CliError(
          `everything of the tenant "${tenant}" would be deleted for good; say --confirm ${tenant}${confirm === undefined ? '' : `; this is "${confirm}"`}`,
        )
      let now: TenantView = status
        ? await callApi('getTenant', { name: tenant })
        : await callApi('deleteTenant', { name: tenant, confirm })
      if (wait) now = await untilEnded(now, json)
      if (json) printJson(now)
      else say(describe(now))
      if (wait && now.status === 'active')
        throw new CliError(json ? '' : `the tenant "${tenant}" is not being deleted`, EXIT.usage)
    })
}

async function untilEnded(first: TenantView, json: boolean): Promise<TenantView> {
  let now = first
  for (let told = ''; now.status === 'deleting'; now = await callApi('getTenant', { name: now.tenant })) {
    const text = describe(now)
    if (!json && text !== told) say(text)
    told = text
    await delay(PAUSE_MILLISECONDS)
  }
  return now
}

function describe({ tenant, status, deletion }: TenantView): string {
  if (!deletion) return `the tenant "${tenant}" is not being deleted`
  const { requestedAt, endedAt, tasks, records } = deletion
  const counts = `${tasks} tasks and ${records} records of the registry`
  return status === 'deleted'
    ? `the tenant "${tenant}" was deleted at ${endedAt}: ${counts}`
    : `the tenant "${tenant}" is being deleted since ${requestedAt}: ${counts} so far`
}
