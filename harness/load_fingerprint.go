package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint is equal for files that say the same, whatever their comments, their
// order of keys and their layout are. Settings change it.
func (doc *Document) Fingerprint() (string, error) {
	var content any
	if err := doc.root.Decode(&content); err != nil {
		return "", err
	}
	text, err := json.Marshal(content) // maps in the order of their keys
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
