import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'

/** dynalite in a thread of its own, behind a socket that no browser can reach: it answers whoever asks. */
const { path, socket } = workerData as { path?: string; socket: string }
const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, ...(path ? { path } : {}) })
server.listen(socket, () => parentPort?.postMessage('listening'))
parentPort?.once('message', () => server.close(() => process.exit(0)))
