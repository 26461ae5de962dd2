/** Messages between the service and its worker thread. */
export type ToWorker = { kind: 'request'; id: number; target: string; body: string } | { kind: 'stop' }
export type FromWorker = {
  kind: 'answer'
  id: number
  status: number
  headers: Record<string, string>
  body: string
}
