/**
 * What a statement adds that has found an API key, as `found`, to learn in the same round trip what an earlier request of that key was
 * answered. Row-level security doesn't stand in its way, so it must be joined by the key's id.
 */
export const recall = {
  columns: "i.request_hash, i.response_status, i.response_body, i.expires_at <= now() as answer_expired",
  /** @param route Placeholder of the route, such as `$4`. */
  join: (route: string, idempotencyKey: string) =>
    `left join idempotency_keys i on i.key_id = found.id and i.route = ${route} and i.idempotency_key = ${idempotencyKey}`,
};
