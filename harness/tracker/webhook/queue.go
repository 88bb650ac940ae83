package webhook

import "encoding/json"

// queue are the messages about one customer, in order.
type queue struct {
	customer string
	messages []Message
}

// queues sorts messages by customer. Those without one share a queue, in which none
// holds back another.
func queues(messages []Message) (sorted []queue) {
	of := make(map[string]int)
	for _, m := range messages {
		customer := customerOf(m)
		i, ok := of[customer]
		if !ok {
			i = len(sorted)
			of[customer] = i
			sorted = append(sorted, queue{customer: customer})
		}
		sorted[i].messages = append(sorted[i].messages, m)
	}
	return sorted
}

// customerOf is empty if the body does not name a customer.
func customerOf(m Message) string {
	var body struct {
		Customer string `json:"customer"`
	}
	if json.Unmarshal(m.Body, &body) != nil {
		return ""
	}
	return body.Customer
}
