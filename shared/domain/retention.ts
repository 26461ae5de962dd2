/** Items of a task expire this much later than the task itself: DynamoDB's TTL deletes with days of delay and in no order. */
export const REST_OUTLIVES_DAYS = 7
