package audit

import "strings"

// sample is one step of an expression: the fetch or a converter, with its arguments.
type sample struct {
	name string
	args []string
}

func (s sample) arg(i int) string {
	if i < len(s.args) {
		return s.args[i]
	}
	return ""
}

// expression reads fetch(arguments),converter(arguments),…
func expression(text string) []sample {
	var samples []sample
	for text != "" {
		length := strings.IndexAny(text, "(,")
		if length < 0 {
			return append(samples, sample{name: text})
		}
		s := sample{name: text[:length]}
		text = text[length:]
		if text[0] == '(' {
			s.args, text, _ = arguments(text)
		}
		samples = append(samples, s)
		text = strings.TrimPrefix(text, ",")
	}
	return samples
}

// arguments reads from an opening parenthesis to its end, as make_arg_list
// (src/arg.c) does: quotes and backslashes protect, parentheses do not nest.
func arguments(text string) (args []string, rest string, closed bool) {
	var arg strings.Builder
	quote := byte(0)
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			arg.WriteByte(text[i])
		case quote == 0 && c == ',':
			args = append(args, strings.TrimSpace(arg.String()))
			arg.Reset()
		case quote == 0 && c == ')':
			return append(args, strings.TrimSpace(arg.String())), text[i+1:], true
		default:
			arg.WriteByte(c)
		}
	}
	return append(args, strings.TrimSpace(arg.String())), "", false
}

// format reads the expressions of a log-format, each between %[ and ].
func format(text string) [][]sample {
	var found [][]sample
	for {
		begin := strings.IndexByte(text, '%')
		if begin < 0 {
			return found
		}
		text = text[begin+1:]
		if rest, flagged := strings.CutPrefix(text, "{"); flagged {
			_, after, _ := strings.Cut(rest, "}")
			text = after
		}
		inside, isExpression := strings.CutPrefix(text, "[")
		if !isExpression {
			continue
		}
		body, after, closed := strings.Cut(inside, "]")
		if !closed {
			return found
		}
		found = append(found, expression(body))
		text = after
	}
}
