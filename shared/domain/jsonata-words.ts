/** Reserved words of JSONata: `$steps.and` and `$state.in` would not be paths. */
export const JSONATA_WORDS = ['and', 'or', 'in', 'true', 'false', 'null', 'function']
