package daemon

import (
	"os"
	"strings"
)

// Environment are the secrets, and nothing else, that come from the environment.
type Environment struct {
	Tokens []string // QUOTA_TRACKER_TOKENS: bearer tokens of the API, separated by commas
	Secret string   // QUOTA_TRACKER_WEBHOOK_SECRET: signs what the webhook is sent
	Store  string   // QUOTA_TRACKER_STORE: the store's URL, where that has a password
}

// ReadEnvironment reads the environment of the process.
func ReadEnvironment() Environment {
	env := Environment{Secret: os.Getenv("QUOTA_TRACKER_WEBHOOK_SECRET"), Store: os.Getenv("QUOTA_TRACKER_STORE")}
	for token := range strings.SplitSeq(os.Getenv("QUOTA_TRACKER_TOKENS"), ",") {
		if token = strings.TrimSpace(token); token != "" {
			env.Tokens = append(env.Tokens, token)
		}
	}
	return env
}
