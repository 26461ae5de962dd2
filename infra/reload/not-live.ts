/** A change that needs a full synthesis; the message says which. */
export class NotLive extends Error {}
