package main

import (
	"context"
	"encoding/json"
	"fmt"

	celgo "github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// judge is both policies, compiled.
type judge struct {
	scheme     *runtime.Scheme
	mutating   *plugincel.CompositedCompiler
	validating *plugincel.CompositedCompiler
	mutator    plugincel.MutatingEvaluator
	validator  validating.Validator
	// conditions are the validations again, for what they cost.
	conditions plugincel.ConditionEvaluator
	messages   plugincel.ConditionEvaluator
}

type variable struct {
	admissionregistrationv1.Variable
}

func (v *variable) GetExpression() string      { return v.Expression }
func (v *variable) GetName() string            { return v.Name }
func (v *variable) ReturnTypes() []*celgo.Type { return []*celgo.Type{celgo.AnyType, celgo.DynType} }

func newJudge(asked request) (*judge, []string) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, []string{err.Error()}
		}
	}
	number, err := version.ParseGeneric(asked.Compatibility)
	if err != nil {
		return nil, []string{err.Error()}
	}
	made := &judge{scheme: scheme}
	problems := []string{}
	base := environment.MustBaseEnvSet(number)
	// As the server checks a new policy; what it has stored it compiles with everything it knows.
	mode := environment.NewExpressions
	if policy := asked.Mutating; policy != nil {
		made.mutating = compileVariables(base, policy.Spec.Variables, mode, &problems)
		if len(policy.Spec.Mutations) != 1 || policy.Spec.Mutations[0].JSONPatch == nil {
			return nil, []string{"the policy has other mutations than one JSONPatch"}
		}
		options := plugincel.OptionalVariableDeclarations{HasAuthorizer: true, HasPatchTypes: true}
		expression := &patch.JSONPatchCondition{Expression: policy.Spec.Mutations[0].JSONPatch.Expression}
		made.mutator = made.mutating.CompileMutatingEvaluator(expression, options, mode)
		for _, problem := range made.mutator.CompilationErrors() {
			problems = append(problems, "mutation: "+problem.Error())
		}
	}
	if policy := asked.Validating; policy != nil {
		made.validating = compileVariables(base, policy.Spec.Variables, mode, &problems)
		made.compileValidations(policy, mode, &problems)
	}
	return made, problems
}

func compileVariables(base *environment.EnvSet, variables []admissionregistrationv1.Variable, mode environment.Type, problems *[]string) *plugincel.CompositedCompiler {
	compiler, err := plugincel.NewCompositedCompiler(base)
	if err != nil {
		*problems = append(*problems, err.Error())
		return nil
	}
	for _, each := range variables {
		outcome := compiler.CompileAndStoreVariable(&variable{each}, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, mode)
		if outcome.Error != nil {
			*problems = append(*problems, fmt.Sprintf("variable %s: %v", each.Name, outcome.Error))
		}
	}
	return compiler
}

func (j *judge) compileValidations(policy *admissionregistrationv1.ValidatingAdmissionPolicy, mode environment.Type, problems *[]string) {
	var validations, messages, audits []plugincel.ExpressionAccessor
	for _, each := range policy.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: each.Expression, Message: each.Message, Reason: each.Reason})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: each.MessageExpression})
	}
	for _, each := range policy.Spec.AuditAnnotations {
		audits = append(audits, &validating.AuditAnnotationCondition{Key: each.Key, ValueExpression: each.ValueExpression})
	}
	all := append(append(append([]plugincel.ExpressionAccessor{}, validations...), messages...), audits...)
	for _, each := range all {
		outcome := j.validating.CompileCELExpression(each, plugincel.OptionalVariableDeclarations{}, mode)
		if outcome.Error != nil {
			*problems = append(*problems, fmt.Sprintf("validation %s: %v", each.GetExpression(), outcome.Error))
		}
	}
	full := plugincel.OptionalVariableDeclarations{HasAuthorizer: true}
	compiler := j.validating
	j.conditions = compiler.CompileCondition(validations, full, mode)
	j.messages = compiler.CompileCondition(messages, plugincel.OptionalVariableDeclarations{}, mode)
	fail := admissionregistrationv1.Fail
	j.validator = validating.NewValidator(j.conditions, nil, compiler.CompileCondition(audits, full, mode), j.messages, &fail, nil)
}

var kinds = map[string]struct {
	gvk schema.GroupVersionKind
	gvr schema.GroupVersionResource
	new func() runtime.Object
}{
	"Pod":         {corev1.SchemeGroupVersion.WithKind("Pod"), corev1.SchemeGroupVersion.WithResource("pods"), func() runtime.Object { return &corev1.Pod{} }},
	"Deployment":  {appsv1.SchemeGroupVersion.WithKind("Deployment"), appsv1.SchemeGroupVersion.WithResource("deployments"), func() runtime.Object { return &appsv1.Deployment{} }},
	"StatefulSet": {appsv1.SchemeGroupVersion.WithKind("StatefulSet"), appsv1.SchemeGroupVersion.WithResource("statefulsets"), func() runtime.Object { return &appsv1.StatefulSet{} }},
	"DaemonSet":   {appsv1.SchemeGroupVersion.WithKind("DaemonSet"), appsv1.SchemeGroupVersion.WithResource("daemonsets"), func() runtime.Object { return &appsv1.DaemonSet{} }},
	"Job":         {batchv1.SchemeGroupVersion.WithKind("Job"), batchv1.SchemeGroupVersion.WithResource("jobs"), func() runtime.Object { return &batchv1.Job{} }},
	"CronJob":     {batchv1.SchemeGroupVersion.WithKind("CronJob"), batchv1.SchemeGroupVersion.WithResource("cronjobs"), func() runtime.Object { return &batchv1.CronJob{} }},
}

func (j *judge) judge(asked testCase) (told result) {
	kindName := asked.Kind
	if kindName == "" {
		kindName = "Pod"
	}
	kind, known := kinds[kindName]
	if !known {
		return result{Error: "no kind " + kindName}
	}
	object := kind.new()
	if err := json.Unmarshal(asked.Object, object); err != nil {
		return result{Error: "unreadable: " + err.Error()}
	}
	object.GetObjectKind().SetGroupVersionKind(kind.gvk)
	told.Before = plain(object)
	defer func() {
		// A real server's request ends in the same way.
		if problem := recover(); problem != nil {
			told.Error = fmt.Sprintf("panic: %v", problem)
		}
	}()
	current := object
	if kindName == "Pod" && j.mutator != nil {
		patched, err := j.mutate(object, kind.gvk, kind.gvr, asked.Namespace, &told)
		if err != nil {
			told.Error = err.Error()
			return told
		}
		current = patched
	}
	told.After = plain(current)
	if j.validator != nil {
		j.validate(current, kind.gvk, kind.gvr, asked.Namespace, &told)
	}
	return told
}

func attributes(object runtime.Object, gvk schema.GroupVersionKind, gvr schema.GroupVersionResource, namespace *corev1.Namespace) *admission.VersionedAttributes {
	record := admission.NewAttributesRecord(object, nil, gvk, namespace.Name, "", gvr, "", admission.Create, &metav1.CreateOptions{}, false, nil)
	return &admission.VersionedAttributes{Attributes: record, VersionedKind: gvk, VersionedObject: admission.NewLazyObject(object), VersionedOldObject: admission.NewLazyObject(nil)}
}

func (j *judge) mutate(object runtime.Object, gvk schema.GroupVersionKind, gvr schema.GroupVersionResource, namespace *corev1.Namespace, told *result) (runtime.Object, error) {
	attr := attributes(object, gvk, gvr, namespace)
	ask := plugincel.CreateAdmissionRequest(attr.Attributes, metav1.GroupVersionResource(gvr), metav1.GroupVersionKind(gvk))
	if _, left, err := j.mutator.ForInput(j.mutating.CreateContext(context.Background()), attr, ask, plugincel.OptionalVariableBindings{}, namespace, celconfig.RuntimeCELCostBudget); err == nil {
		told.MutationCost = celconfig.RuntimeCELCostBudget - left
	}
	ctx := j.mutating.CreateContext(context.Background())
	patcher := patch.NewJSONPatcher(j.mutator)
	return patcher.Patch(ctx, patch.Request{
		MatchedResource:     gvr,
		VersionedAttributes: attr,
		ObjectInterfaces:    admission.NewObjectInterfacesFromScheme(j.scheme),
		Namespace:           namespace,
	}, celconfig.RuntimeCELCostBudget)
}

func (j *judge) validate(object runtime.Object, gvk schema.GroupVersionKind, gvr schema.GroupVersionResource, namespace *corev1.Namespace, told *result) {
	attr := attributes(object, gvk, gvr, namespace)
	ask := plugincel.CreateAdmissionRequest(attr.Attributes, metav1.GroupVersionResource(gvr), metav1.GroupVersionKind(gvk))
	ns := plugincel.CreateNamespaceObject(namespace)
	budget := int64(celconfig.RuntimeCELCostBudget)
	for _, each := range []plugincel.ConditionEvaluator{j.conditions, j.messages} {
		outcomes, left, err := each.ForInput(context.Background(), attr, ask, plugincel.OptionalVariableBindings{}, ns, budget)
		if err != nil {
			told.Error = err.Error()
			return
		}
		for _, outcome := range outcomes {
			// The server writes a line into its log for each message that fails, whether it is needed or not.
			if outcome.Error != nil {
				told.Error = outcome.Error.Error()
			}
		}
		budget = left
	}
	told.ValidationCost = celconfig.RuntimeCELCostBudget - budget
	outcome := j.validator.Validate(context.Background(), gvr, attr, nil, namespace, celconfig.RuntimeCELCostBudget, nil)
	for _, decision := range outcome.Decisions {
		if decision.Evaluation == validating.EvalError {
			told.Error = decision.Message
		} else if decision.Action == validating.ActionDeny {
			told.Denials = append(told.Denials, decision.Message)
		}
	}
	for _, annotation := range outcome.AuditAnnotations {
		if annotation.Error != "" {
			told.Error = annotation.Error
		} else if annotation.Action == validating.AuditAnnotationActionPublish {
			told.Audit = append(told.Audit, annotation.Value)
		}
	}
}

// plain is an object as JSON, without what the server fills in later.
func plain(object runtime.Object) any {
	text, err := json.Marshal(object)
	if err != nil {
		return err.Error()
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		return err.Error()
	}
	delete(value, "status")
	return value
}
