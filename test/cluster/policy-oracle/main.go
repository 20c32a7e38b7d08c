// What the API server would make of admission policies, without a cluster: its own code compiles the CEL, patches pods and
// judges them. Reads one request as JSON from standard input and writes one answer.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

type request struct {
	// Compatibility is the Kubernetes version whose CEL is used for new expressions, e.g. 1.35 for a server of 1.36.
	Compatibility string                                             `json:"compatibility"`
	Mutating      *admissionregistrationv1.MutatingAdmissionPolicy   `json:"mutating"`
	Validating    *admissionregistrationv1.ValidatingAdmissionPolicy `json:"validating"`
	Cases         []testCase                                         `json:"cases"`
	// Schema is the pod schema of the profiles, to be compared with Kubernetes' own types.
	Schema map[string]map[string]schemaField `json:"schema"`
}

type testCase struct {
	Object json.RawMessage `json:"object"`
	// Kind is that of the object: Pod when empty.
	Kind      string            `json:"kind"`
	Namespace *corev1.Namespace `json:"namespace"`
}

type answer struct {
	// CompileErrors of the policies, each with the place.
	CompileErrors []string `json:"compileErrors"`
	SchemaErrors  []string `json:"schemaErrors"`
	Results       []result `json:"results"`
}

type result struct {
	// Before is the object as the API server reads it.
	Before any `json:"before"`
	// After is the patched object.
	After any `json:"after,omitempty"`
	// Error ends the request: the policy is wrong.
	Error string `json:"error,omitempty"`
	// Denials are the messages of the validations that do not hold, after the patch.
	Denials []string `json:"denials,omitempty"`
	Audit   []string `json:"audit,omitempty"`
	// Cost of all expressions of a policy together.
	MutationCost   int64 `json:"mutationCost"`
	ValidationCost int64 `json:"validationCost"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "policy-oracle:", err)
		os.Exit(2)
	}
	told := answer{CompileErrors: []string{}, SchemaErrors: compareSchema(asked.Schema), Results: []result{}}
	judge, problems := newJudge(asked)
	told.CompileErrors = append(told.CompileErrors, problems...)
	if len(problems) == 0 {
		for _, each := range asked.Cases {
			told.Results = append(told.Results, judge.judge(each))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		fmt.Fprintln(os.Stderr, "policy-oracle:", err)
		os.Exit(2)
	}
}
