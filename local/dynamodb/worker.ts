import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'

/** dynalite in a thread of its own: its work does not hold up the engine's. */
const { path } = workerData as { path?: string }
const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, ...(path ? { path } : {}) })
server.listen(0, '127.0.0.1', () => parentPort?.postMessage({ port: server.address().port }))
parentPort?.once('message', () => server.close(() => process.exit(0)))
