/* A stand-in for an accelerator's delegate: it takes operations of one kind and computes them.
 *
 * Options, as strings:
 *   op           what it takes: ADD (float, equal shapes), RELU (float), RESHAPE, or
 *                edgetpu-custom-op, which here copies its input to its output
 *   report       a file to which it appends a line for whatever happens to it
 *   fail_after   so many calls work, no more
 *   lost_while   while this file exists the device is gone: no delegate is made, calls fail
 *   hang_at      a call that finds this file moves it to "….hanging", and hangs while that exists
 *   slow_until   making a delegate waits for this file, up to 30 s
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tflite_abi.h"

typedef void (*ReportError)(const char *);

typedef struct {
    char op[32];
    char report[1024];
    char lost_while[1024];
    char slow_until[1024];
    char hang_at[1024];
    long fail_after;
    long calls;
} Options;

typedef struct {
    const char *name;
    int builtin_code; /* 32: a custom operation, told by its name */
} Kind;

enum { kAdd, kRelu, kReshape, kCustom };
static const Kind kinds[] = {{"ADD", 0}, {"RELU", 19}, {"RESHAPE", 22}, {"edgetpu-custom-op", 32}};

typedef struct {
    int kind, activation, left, right, output;
} Step;

typedef struct {
    Options *options;
    int count;
    Step steps[];
} Kernel;

static void report(const Options *options, const char *what, long number) {
    FILE *file = options->report[0] ? fopen(options->report, "a") : NULL;
    if (file) {
        fprintf(file, "%s %ld\n", what, number);
        fclose(file);
    }
}

static bool is_lost(const Options *options) {
    return options->lost_while[0] && access(options->lost_while, F_OK) == 0;
}

/* Wait up to 30 s until a file is there, or is gone. Return false if that never comes. */
static bool wait_for(const char *path, bool there) {
    for (int ms = 0; (access(path, F_OK) == 0) != there; ms += 10) {
        if (ms >= 30000) return false;
        usleep(10000);
    }
    return true;
}

static void hang(const Options *options) {
    char hanging[1040];
    snprintf(hanging, sizeof hanging, "%s.hanging", options->hang_at);
    if (options->hang_at[0] && rename(options->hang_at, hanging) == 0) wait_for(hanging, false);
}

static int kind_of(const char *op) {
    for (int kind = 0; kind <= kCustom; kind++)
        if (strcmp(op, kinds[kind].name) == 0) return kind;
    return -1;
}

static Step step_of(int kind, const Node *node) {
    Step step = {kind, kActivationNone, node->inputs->data[0], -1, node->outputs->data[0]};
    if (kind == kAdd) {
        step.right = node->inputs->data[1];
        step.activation = ((const AddParams *)node->builtin_data)->activation;
    }
    return step;
}

static bool can_compute(const Context *context, const Step *step) {
    const Tensor *left = &context->tensors[step->left], *output = &context->tensors[step->output];
    bool is_float = left->type == kFloat32 && output->type == kFloat32;
    if (left->bytes != output->bytes) return false;
    if (step->kind == kAdd)
        return is_float && context->tensors[step->right].bytes == left->bytes &&
               step->activation <= kActivationRelu;
    return step->kind != kRelu || is_float;
}

static void compute(const Context *context, const Step *step) {
    const Tensor *left = &context->tensors[step->left], *output = &context->tensors[step->output];
    if (step->kind == kReshape || step->kind == kCustom) {
        memmove(output->data, left->data, left->bytes);
        return;
    }
    const float *a = left->data, *b = step->kind == kAdd ? context->tensors[step->right].data : NULL;
    float *sum = output->data;
    bool relu = step->kind == kRelu || step->activation == kActivationRelu;
    for (size_t i = 0; i < left->bytes / sizeof(float); i++) {
        float value = b ? a[i] + b[i] : a[i];
        sum[i] = relu && value < 0 ? 0 : value;
    }
}

static void *kernel_init(Context *context, const char *buffer, size_t length) {
    (void)length;
    const DelegateParams *params = (const DelegateParams *)buffer;
    int count = params->nodes_to_replace->size;
    Kernel *kernel = calloc(1, sizeof(Kernel) + sizeof(Step) * (size_t)count);
    kernel->options = params->delegate->data;
    kernel->count = count;
    for (int i = 0; i < count; i++) {
        Node *node;
        Registration *registration;
        context->GetNodeAndRegistration(context, params->nodes_to_replace->data[i], &node,
                                        &registration);
        kernel->steps[i] = step_of(kind_of(kernel->options->op), node);
    }
    return kernel;
}

static void kernel_free(Context *context, void *kernel) {
    (void)context;
    free(kernel);
}

static Status kernel_prepare(Context *context, Node *node) {
    (void)context, (void)node;
    return kOk;
}

static Status kernel_invoke(Context *context, Node *node) {
    Kernel *kernel = node->user_data;
    Options *options = kernel->options;
    hang(options);
    bool used_up = options->fail_after >= 0 && options->calls >= options->fail_after;
    if (used_up || is_lost(options)) {
        context->ReportError(context, "stub: the device is gone");
        return kError;
    }
    options->calls++;
    for (int i = 0; i < kernel->count; i++) compute(context, &kernel->steps[i]);
    return kOk;
}

/* Whether a step reads what an earlier one writes: such a tensor would lie within the delegate,
 * which would then have to allocate it. */
static bool follows(const Step *step, const Step *earlier, int count) {
    for (int i = 0; i < count; i++)
        if (earlier[i].output == step->left || earlier[i].output == step->right) return true;
    return false;
}

static Status delegate_prepare(Context *context, Delegate *delegate) {
    Options *options = delegate->data;
    int kind = kind_of(options->op);
    IntArray *plan;
    if (context->GetExecutionPlan(context, &plan) != kOk) return kError;
    IntArray *taken = calloc(1, sizeof(IntArray) + sizeof(int) * (size_t)plan->size);
    Step *steps = calloc((size_t)plan->size + 1, sizeof(Step));
    for (int i = 0; i < plan->size; i++) {
        Node *node;
        Registration *registration;
        if (context->GetNodeAndRegistration(context, plan->data[i], &node, &registration) != kOk)
            continue;
        if (registration->builtin_code != kinds[kind].builtin_code) continue;
        if (kind == kCustom && strcmp(registration->custom_name, kinds[kind].name) != 0) continue;
        Step step = step_of(kind, node);
        if (!can_compute(context, &step) || follows(&step, steps, taken->size)) continue;
        steps[taken->size] = step;
        taken->data[taken->size++] = plan->data[i];
    }
    report(options, "takes", taken->size);
    Registration registration = {
        .init = kernel_init,
        .free = kernel_free,
        .prepare = kernel_prepare,
        .invoke = kernel_invoke,
        .custom_name = "StubDelegate",
        .version = 1,
    };
    Status status =
        context->ReplaceNodeSubsetsWithDelegateKernels(context, registration, taken, delegate);
    free(steps);
    free(taken);
    return status;
}

/* Return false for an option that nobody knows. */
static bool set_option(Options *options, const char *key, const char *value) {
    if (strcmp(key, "op") == 0)
        snprintf(options->op, sizeof options->op, "%s", value);
    else if (strcmp(key, "report") == 0)
        snprintf(options->report, sizeof options->report, "%s", value);
    else if (strcmp(key, "lost_while") == 0)
        snprintf(options->lost_while, sizeof options->lost_while, "%s", value);
    else if (strcmp(key, "slow_until") == 0)
        snprintf(options->slow_until, sizeof options->slow_until, "%s", value);
    else if (strcmp(key, "hang_at") == 0)
        snprintf(options->hang_at, sizeof options->hang_at, "%s", value);
    else if (strcmp(key, "fail_after") == 0)
        options->fail_after = atol(value);
    else
        return false;
    return true;
}

/* Return why the device can't be had, NULL if it can. */
static const char *open_device(const Options *options) {
    if (kind_of(options->op) < 0) return "stub: takes no such operation";
    if (options->slow_until[0] && !wait_for(options->slow_until, true))
        return "stub: the device never got ready";
    return is_lost(options) ? "stub: no device found" : NULL;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                        ReportError report_error) {
    Options *options = calloc(1, sizeof(Options));
    options->fail_after = -1;
    const char *reason = NULL;
    for (size_t i = 0; i < count && !reason; i++)
        if (!set_option(options, keys[i], values[i])) reason = "stub: unknown option";
    if (!reason) reason = open_device(options);
    if (reason) {
        report_error(reason);
        free(options);
        return NULL;
    }
    Delegate *delegate = calloc(1, sizeof(Delegate));
    delegate->data = options;
    delegate->Prepare = delegate_prepare;
    /* Else the library wants all operations resolved before a delegate may take the custom one. */
    delegate->flags = kAllowDynamicTensors;
    report(options, "created", options->fail_after);
    return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) {
    report(delegate->data, "destroyed", ((Options *)delegate->data)->calls);
    free(delegate->data);
    free(delegate);
}
