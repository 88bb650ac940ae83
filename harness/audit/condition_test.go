package audit

import "testing"

func TestConditions(t *testing.T) {
	env := Environment{Version: Version{3, 2, 9, 0}, Features: map[string]bool{"OPENSSL": true, "LUA": false}}
	variables := map[string]string{"SET": ""}
	for _, row := range []struct {
		text string
		want truth
		bad  bool
	}{
		{"", no, false}, {"0", no, false}, {"1", yes, false}, {"!1", no, false}, {"12", yes, false},
		{"defined(SET)", yes, false}, {"defined(UNSET)", no, false}, {"!defined(UNSET)", yes, false},
		{"feature(OPENSSL)", yes, false}, {"feature(LUA)", no, false},
		{"streq(a,a)", yes, false}, {`streq("a b",'a b')`, yes, false}, {"strneq(a,b)", yes, false}, {"strstr(abc,bc)", yes, false},
		{"version_atleast(3.2.9)", yes, false}, {"version_atleast(3.2.10)", no, false}, {"version_before(3.3)", yes, false},
		{"version_atleast(3.3-dev1)", no, false},
		{"enabled(POLL)", unknown, false}, {"!enabled(POLL)", unknown, false},
		{"enabled(POLL) && 0", no, false}, {"0 && enabled(POLL)", no, false}, {"enabled(POLL) || 1", yes, false},
		{"0 || enabled(POLL)", unknown, false}, {"1 && enabled(POLL)", unknown, false},
		{"(0 || 1) && !(0 && 1)", yes, false}, {"0 || 1 && 0", no, false},
		{"(1", no, true}, {"1 1", no, true}, {"nonsense", no, true}, {"defined(SET", no, true}, {"version_atleast(new)", no, true},
	} {
		c := condition{rest: row.text, env: env, variables: variables}
		got, err := c.evaluate()
		if (err != nil) != row.bad || err == nil && got != row.want {
			t.Errorf("%q: %v, %v; want %v", row.text, got, err, row.want)
		}
	}
}
