import { type LocalApi, startApi } from './local-api.ts'

/** Not what would change it for the other files. */
export type SharedApi = Omit<LocalApi, 'stop' | 'update' | 'logs'>

let started: Promise<SharedApi> | undefined

/**
 * The local cloud that the files of the project "integration-shared" share: one for each worker, because to boot one and to load its functions
 * takes longer than most files. It ends with its worker.
 *
 * It has what earlier files have left, so a test looks for its own tasks, and names what it publishes as no other does. A file that needs
 * a cloud to itself (other options, nothing in its lists, its logs) calls `startApi`, and stands in `test/cloud`.
 */
export function sharedApi(): Promise<SharedApi> {
  started ??= startApi()
  return started
}
