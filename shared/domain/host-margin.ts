/** A function's timeout exceeds its agent's `limits.timeoutSeconds` by this, so that the host can record the failure. */
export const HOST_MARGIN_SECONDS = 5
