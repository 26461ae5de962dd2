/** What a task has is there for as long as the task can be found: DynamoDB takes days to remove what has expired, in no order. */
export const REST_OUTLIVES_DAYS = 7
