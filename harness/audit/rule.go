package audit

import (
	"slices"
	"strings"
)

// stage is when a rule is played.
type stage int

const (
	onConnection stage = iota
	onSession
	onContent
	onRequest
	onResponse
	onAnswer // http-after-response: HAProxy's own answers too
)

// stages by the first words of a rule.
var stages = map[string]stage{
	"tcp-request connection": onConnection, "tcp-request session": onSession, "tcp-request content": onContent,
	"http-request": onRequest, "tcp-response content": onResponse, "http-response": onResponse,
	"http-after-response": onAnswer,
}

// rule is one line such as http-response.
type rule struct {
	line
	stage     stage
	action    string   // without numbers and arguments: track-sc, sc-inc-gpc, set-var
	args      []string // in the parentheses of the action
	words     []string // after the action, before the condition
	condition []string // after if or unless
	unless    bool
}

func newRule(l line) (rule, bool) {
	at := 1
	s, isRule := stages[l.words[0]]
	if !isRule {
		s, isRule = stages[l.words[0]+" "+l.word(1)]
		at = 2
	}
	if !isRule || at >= len(l.words) {
		return rule{}, false
	}
	r := rule{line: l, stage: s, words: l.words[at+1:]}
	for i, word := range r.words {
		if word == "if" || word == "unless" {
			r.condition, r.words, r.unless = r.words[i+1:], r.words[:i], word == "unless"
			break
		}
	}
	name, arguments, _ := strings.Cut(l.words[at], "(")
	if arguments != "" {
		r.args = strings.Split(strings.TrimSuffix(arguments, ")"), ",")
	}
	r.action = name
	if digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz-"); isNumber(digits) {
		r.action, r.args = strings.TrimSuffix(name, digits), append([]string{digits}, r.args...)
	}
	return r, true
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func (r rule) word(i int) string {
	if i < len(r.words) {
		return r.words[i]
	}
	return ""
}

// integer is an argument of the action.
func (r rule) integer(i int) int {
	if i >= len(r.args) {
		return 0
	}
	return integer(r.args[i])
}

// tracked returns the slot and the key that a track-sc rule names; ok is false for other rules.
func (r rule) tracked() (slot int, key string, ok bool) {
	return r.integer(0), r.word(0), r.action == "track-sc"
}

// tableOf is the table that a track-sc rule names, or that of its proxy.
func (r rule) tableOf(p *proxy) string {
	if i := slices.Index(r.words, "table"); i >= 0 {
		return r.word(i + 1)
	}
	return p.name
}

// moved says what slot and what array element a rule changes: sc-inc-gpc0(2),
// sc-inc-gpc(0,2), sc-add-gpc, sc-set-gpt0(2) or sc-set-gpt(0,2). Without a slot it is 0.
func (r rule) moved() (index, slot int) {
	return r.integer(0), r.integer(1)
}

func (r rule) increases() bool { return r.action == "sc-inc-gpc" || r.action == "sc-add-gpc" }

// sets is the variable that a rule sets; ok is false for other rules.
func (r rule) sets() (variable string, ok bool) {
	if (r.action != "set-var" && r.action != "set-var-fmt") || len(r.args) == 0 {
		return "", false
	}
	return r.args[0], true
}

// early says that a rule is played before there is an answer.
func (r rule) early() bool { return r.stage < onResponse }
