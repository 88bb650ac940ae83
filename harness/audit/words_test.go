package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expectations follow parse_line in HAProxy's src/tools.c.
func TestWords(t *testing.T) {
	environment := map[string]string{"NAME": "hap1", "LIST": "a  b c", "EMPTY": ""}
	lookup := func(name string) (string, bool) { value, set := environment[name]; return value, set }
	for _, row := range []struct {
		text  string
		want  []string
		unset []string
	}{
		{"  server  a\t1.2.3.4 # b", []string{"server", "a", "1.2.3.4"}, nil},
		{`a "b c"d 'e "f' # g`, []string{"a", "b cd", `e "f`}, nil},
		{`a\ b \# \" \' \\ \n`, []string{"a b", "#", `"`, "'", `\`, "\n"}, nil},
		{`a\d \x41 'a\ b'`, []string{`a\d`, "A", `a\ b`}, nil},
		{`"a # b" 'it'"'s"`, []string{"a # b", "it's"}, nil},
		{`"$NAME" ${NAME} "${NAME}:1" "\$NAME"`, []string{"hap1", "${NAME}", "hap1:1", "$NAME"}, nil},
		{`"${MISSING-other}" "${NAME-other}" "${EMPTY-other}"`, []string{"other", "hap1", ""}, nil},
		{`"${LIST[*]}" "$LIST"`, []string{"a", "b", "c", "a  b c"}, nil},
		{`"${MISSING}:1" a`, []string{":1", "a"}, []string{"MISSING"}},
		{`"$MISSING"`, []string{""}, []string{"MISSING"}},
		{`a \`, []string{"a", `\`}, nil},
		{`track-sc2 str(a),concat("|",proc.gen)`, []string{"track-sc2", "str(a),concat(|,proc.gen)"}, nil},
		{`"" b`, []string{"", "b"}, nil},
		{"# only", nil, nil}, {"", nil, nil},
	} {
		s := splitter{in: row.text, lookup: lookup}
		got, err := s.split()
		if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", row.text, err, diff)
		}
		if diff := cmp.Diff(row.unset, s.unset); diff != "" {
			t.Errorf("%s: variables without a value (-want +got):\n%s", row.text, diff)
		}
	}
}

func TestWordsThatHAProxyRefuses(t *testing.T) {
	for _, text := range []string{`a "b`, `a 'b`, `"$1"`, `"${NAME"`, `"${NAME[1]}"`, `"$"`, `\x4`, `\xzz`} {
		s := splitter{in: text, lookup: func(string) (string, bool) { return "", true }}
		if got, err := s.split(); err == nil {
			t.Errorf("%s: %q, want an error", text, got)
		}
	}
}
