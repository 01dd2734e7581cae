/* What a delegate needs of TensorFlow Lite's C interface: the memory layout that the libraries
 * keep stable ("values are only added at the end"), up to the last field that is used here.
 * The same in tflite-runtime 2.14 and LiteRT 2.1. */
#ifndef TFLITE_ABI_H
#define TFLITE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { kOk = 0, kError = 1 } Status;
enum { kFloat32 = 1 };
enum { kAllowDynamicTensors = 1 };
enum { kActivationNone = 0, kActivationRelu = 1 };

typedef struct {
    int size;
    int data[];
} IntArray;

typedef struct {
    int type;
    void *data;
    IntArray *dims;
    struct {
        float scale;
        int32_t zero_point;
    } params;
    int allocation_type;
    size_t bytes;
    const void *allocation;
    const char *name;
    void *delegate;
    int buffer_handle;
    bool data_is_stale;
    bool is_variable;
    struct {
        int type;
        void *params;
    } quantization;
    void *sparsity;
    const IntArray *dims_signature;
} Tensor;

typedef struct {
    IntArray *inputs;
    IntArray *outputs;
    IntArray *intermediates;
    IntArray *temporaries;
    void *user_data;
    void *builtin_data;
} Node;

typedef struct Context Context;
typedef struct Delegate Delegate;

/* Passed by value, so its whole size counts; a library that knows fewer fields reads fewer. */
typedef struct {
    void *(*init)(Context *, const char *buffer, size_t length);
    void (*free)(Context *, void *data);
    Status (*prepare)(Context *, Node *);
    Status (*invoke)(Context *, Node *);
    const char *(*profiling_string)(const Context *, const Node *);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    void *registration_external;
    void *(*async_kernel)(Context *, Node *);
    uint64_t inplace_operator;
} Registration;

struct Context {
    size_t tensors_size;
    Status (*GetExecutionPlan)(Context *, IntArray **plan);
    Tensor *tensors;
    void *impl;
    Status (*ResizeTensor)(Context *, Tensor *, IntArray *size);
    void (*ReportError)(Context *, const char *format, ...);
    Status (*AddTensors)(Context *, int count, int *first);
    Status (*GetNodeAndRegistration)(Context *, int index, Node **, Registration **);
    Status (*ReplaceNodeSubsetsWithDelegateKernels)(Context *, Registration, const IntArray *nodes,
                                                    Delegate *);
};

struct Delegate {
    void *data;
    Status (*Prepare)(Context *, Delegate *);
    Status (*CopyFromBufferHandle)(Context *, Delegate *, int handle, Tensor *);
    Status (*CopyToBufferHandle)(Context *, Delegate *, int handle, Tensor *);
    void (*FreeBufferHandle)(Context *, Delegate *, int *handle);
    int64_t flags;
    void *opaque_delegate_builder;
};

/* What `init` gets as its buffer. */
typedef struct {
    Delegate *delegate;
    IntArray *nodes_to_replace;
    IntArray *input_tensors;
    IntArray *output_tensors;
} DelegateParams;

/* The options of ADD. */
typedef struct {
    int activation;
    bool pot_scale_int16;
} AddParams;

#endif
