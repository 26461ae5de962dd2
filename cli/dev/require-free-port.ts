import { once } from 'node:events'
import { createServer } from 'node:net'
import { CliError } from '../cli-error.ts'

/** Fails early for a port in use, before the seconds of synthesis. Port 0 is always free. */
export async function requireFreePort(port: number): Promise<void> {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${message})`
    throw new CliError(
      `port ${port} ${reason}; stop what uses it, or choose another: npx orchestrator dev --port ${port < 65_535 ? port + 1 : 0}`,
    )
  } finally {
    probe.close()
  }
}
