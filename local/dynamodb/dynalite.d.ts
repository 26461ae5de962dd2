declare module 'dynalite' {
  type Server = {
    listen(socket: string, ready: () => void): void
    close(done: () => void): void
  }
  export default function dynalite(options: {
    path?: string
    createTableMs?: number
    updateTableMs?: number
    deleteTableMs?: number
  }): Server
}
