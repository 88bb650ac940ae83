// Package api answers over HTTP what a tracker.Server knows: JSON for programs,
// server-sent events for those that want to hear of changes, Prometheus metrics, and
// a page for people. openapi.json describes it.
//
// # Names
//
// The name of a customer is whatever bytes HAProxy keyed it by; JSON and URLs are
// text. A name is therefore written with '%' and every byte that is not part of UTF-8
// as %XX, everywhere and in both directions: the customer "50%" is written "50%25".
// In a URL that text is escaped once more, as any text is: /v1/customers/50%2525.
//
// # Durable
//
// What is shown has been committed: it is never lost or taken back. While the store
// does not commit, counts are refused with 503 unless the question has durable=false.
package api
