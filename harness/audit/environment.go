package audit

import (
	"maps"
	"os"
	"strconv"
	"strings"
)

// Environment is what a configuration is read with. Its zero value knows nothing.
type Environment struct {
	Variables map[string]string
	LocalPeer string          // as haproxy -L; empty if not given
	Hostname  string          // what HAProxy takes as its name otherwise
	Version   Version         // of HAProxy; zero if not known
	Features  map[string]bool // as haproxy -vv lists them; nil if not known
}

// OwnEnvironment is that of this process and machine.
func OwnEnvironment() Environment {
	env := Environment{Variables: map[string]string{}}
	for _, setting := range os.Environ() {
		name, value, _ := strings.Cut(setting, "=")
		env.Variables[name] = value
	}
	env.Hostname, _ = os.Hostname() // a machine without a name has no local peer either
	return env
}

// begin returns the variables that HAProxy has when it reads the first line.
func (e Environment) begin() map[string]string {
	variables := maps.Clone(e.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	if name := e.LocalPeer + e.Hostname; name != "" {
		variables["HAPROXY_LOCALPEER"] = e.Hostname
		if e.LocalPeer != "" {
			variables["HAPROXY_LOCALPEER"] = e.LocalPeer
		}
	}
	if e.Version != (Version{}) {
		variables["HAPROXY_BRANCH"] = strconv.Itoa(e.Version.Major) + "." + strconv.Itoa(e.Version.Minor)
	}
	return variables
}
