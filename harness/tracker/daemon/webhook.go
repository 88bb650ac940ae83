package daemon

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/haproof/haproof/harness/tracker/api"
	"github.com/haproof/haproof/harness/tracker/store"
	"github.com/haproof/haproof/harness/tracker/webhook"
)

// noTLS and mutualTLS stand for certificates that have not been read yet.
var (
	noTLS     = &tls.Config{MinVersion: tls.VersionTLS12}
	mutualTLS = &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert}
)

func (d *daemon) openWebhook(context.Context) (err error) {
	if d.settings.Webhook.URL == "" {
		return nil
	}
	d.sender, err = webhook.New(webhook.Config{
		URL: d.settings.Webhook.URL, Secret: []byte(d.env.Secret), Outbox: outbox{d.store},
		Agent: "quota-tracker/" + d.version, Report: d.undelivered,
	})
	return err
}

// outbox is the store as the webhook sees it.
type outbox struct{ store *store.Store }

func (o outbox) Undelivered(ctx context.Context, limit int) ([]webhook.Message, error) {
	stored, err := o.store.Messages(ctx, limit)
	messages := make([]webhook.Message, len(stored))
	for i, m := range stored {
		messages[i] = webhook.Message{ID: m.ID, Kind: m.Kind, Body: m.Body, Created: m.Created}
	}
	return messages, err
}

func (o outbox) Delivered(ctx context.Context, id string, at time.Time) error {
	return o.store.Delivered(ctx, id, at)
}

func (d *daemon) undelivered(f webhook.Failure) {
	d.log.Warn("webhook has not taken a message", "message", f.ID, "attempts", f.Attempts,
		"age", f.Age.Round(time.Second), "refused", f.Refused, "retry", f.Retry, "error", f.Err)
}

// deliveries tells the API how the webhook fares.
func (d *daemon) deliveries() api.Webhook {
	s := d.sender.Stats()
	return api.Webhook{Delivered: s.Delivered, Failed: s.Failed, Failing: s.Failing, Oldest: s.Oldest}
}
