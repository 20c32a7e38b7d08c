// What the API server would make of admission policies, without a cluster: its own code compiles the CEL, patches pods and
// judges them. Reads requests as JSON from standard input and writes an answer to each, a line, until there are no more.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	requests, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	compiled := compiledPolicies{}
	for {
		var asked request
		err := requests.Decode(&asked)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = answers.Encode(compiled.answer(asked))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "policy-oracle:", err)
			os.Exit(2)
		}
	}
}

// compiledPolicies are those of earlier requests, by what they were compiled from: most requests are about the same few.
type compiledPolicies map[string]compiledPolicy

type compiledPolicy struct {
	judge    *judge
	problems []string
}

func (known compiledPolicies) answer(asked request) answer {
	told := answer{CompileErrors: []string{}, SchemaErrors: compareSchema(asked.Schema), Results: []result{}}
	policy, err := known.compile(asked)
	if err != nil {
		told.CompileErrors = append(told.CompileErrors, err.Error())
		return told
	}
	told.CompileErrors = append(told.CompileErrors, policy.problems...)
	if len(policy.problems) == 0 {
		for _, each := range asked.Cases {
			told.Results = append(told.Results, policy.judge.judge(each))
		}
	}
	return told
}

func (known compiledPolicies) compile(asked request) (compiledPolicy, error) {
	source, err := json.Marshal([]any{asked.Compatibility, asked.Mutating, asked.Validating})
	if err != nil {
		return compiledPolicy{}, err
	}
	policy, found := known[string(source)]
	if !found {
		policy.judge, policy.problems = newJudge(asked)
		known[string(source)] = policy
	}
	return policy, nil
}
