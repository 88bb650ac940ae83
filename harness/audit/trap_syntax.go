package audit

func init() {
	register(trap{
		id: "syntax", severity: Error,
		what: "A line or a file that HAProxy cannot read.",
		why:  "HAProxy refuses to start with it.",
		mend: "Correct the line; `haproxy -c -f FILE` says the same.",
	})
	register(trap{
		id: "condition-unknown", severity: Note,
		what: "Whether a condition after .if holds is not known here.",
		why:  "What stands in the other branches was not examined.",
		mend: "Let doctor ask HAProxy: --haproxy PATH or --haproxy-version VERSION.",
	})
	register(trap{
		id: "variable-unset", severity: Note,
		what: "An environment variable has no value here.",
		why:  "HAProxy itself may be started with another environment than this command.",
		mend: "Set it as HAProxy's own service does, and ask again.",
	})
	register(trap{
		id: "accept-unknown", severity: Note,
		what: "A comment accepts a trap that there is not.",
		why:  "What the comment was to accept is reported all the same.",
		mend: "Write the id as doctor prints it in brackets.",
	})
	register(trap{
		id: "haproxy-alert", severity: Error,
		what: "An alert of haproxy -c.",
		why:  "HAProxy itself refuses this configuration.",
		mend: "Correct the line; `haproxy -c -f FILE` says the same.",
	})
	register(trap{
		id: "haproxy-warning", severity: Warning,
		what: "A warning of haproxy -c.",
		why:  "HAProxy itself warns of it when it starts.",
		mend: "Correct the line; `haproxy -c -f FILE` says the same.",
	})
}
