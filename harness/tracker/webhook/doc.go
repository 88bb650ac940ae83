// Package webhook delivers messages from an outbox to a URL, at least once each.
//
// A message is one POST with the body as it is stored and these headers:
//
//	Content-Type: application/json
//	Haproof-Event: limit.crossed               what kind of message it is
//	Idempotency-Key: 989d07bc18c7a24aebe4943b2d9774b1
//	Haproof-Signature: t=1795170600,v1=5f6c…   see Sign and Verify
//
// The body of limit.crossed is one object. Times are in UTC, numbers are integers of
// up to 64 bits:
//
//	id            the same as Idempotency-Key; a receiver ignores what it has seen
//	customer      bytes that are not UTF-8, and %, are written as %XX
//	plan          name of the customer's plan
//	period        hour, day, month or total
//	period_start  when the period began, period_end when it is over; neither for total
//	limit         how much the customer may use in the period
//	used          how much it had used when the threshold was seen to be reached
//	percent       the threshold; 100 is the limit itself
//	deny          true if the customer is denied until the period is over
//	at            when that was
//
// Any answer of 2xx means that the message has arrived. Everything else is a failure,
// and is tried again for as long as the message is in the outbox: what is billed must
// not be lost because a receiver was down for a week. Pauses grow from a second to
// five minutes and are spread at random. An answer of 4xx other than 408, 425 and 429
// says that the message is refused; since an operator may yet mend the receiver it is
// tried again too, but only about every five minutes. 410 is no exception. Retry-After
// is heeded, up to the longest pause. Redirects are not followed: they are failures.
//
// Messages of one customer are delivered in the order of the outbox while none fails.
// One that fails holds back the later ones of its customer for an hour, and then lets
// them pass. When one attempt after the other fails, the receiver is taken to be down,
// and is tried about once a minute, with one message at a time, until it takes one.
package webhook
