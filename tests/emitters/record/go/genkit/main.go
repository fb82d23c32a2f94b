// Genkit for Go with its own tracing, which any exporter of OpenTelemetry can be put to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/firebase/genkit/go/ai"
	"github.com/firebase/genkit/go/genkit"
	"github.com/firebase/genkit/go/plugins/compat_oai/openai"
	"github.com/openai/openai-go/option"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/trace"
)

const question = "How is the weather in Atlantis, and in Lisbon?"

type given struct {
	City string `json:"city"`
}

// tell adds a line to the file that TRUTH names: what the program's own functions did, apart from its telemetry.
func tell(what map[string]any) {
	file, err := os.OpenFile(os.Getenv("TRUTH"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(what); err != nil {
		panic(err)
	}
}

func getWeather(_ *ai.ToolContext, input given) (string, error) {
	called := map[string]any{"tool": "get_weather", "arguments": input}
	if input.City == "Atlantis" {
		err := errors.New("no city is called " + input.City)
		called["error"] = err.Error()
		tell(called)
		// A tool's error ends the run.
		return "Error: " + err.Error(), nil
	}
	result := "sunny and 24 degrees in " + input.City
	called["result"] = result
	tell(called)
	return result, nil
}

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		panic(err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	models := &openai.OpenAI{APIKey: "none", Opts: []option.RequestOption{
		option.WithBaseURL(os.Getenv("MODEL_URL") + "/v1"), option.WithMaxRetries(0),
	}}
	g := genkit.Init(ctx, genkit.WithPlugins(models))
	tool := genkit.DefineTool(g, "get_weather", "The weather of a city.", getWeather)
	flow := genkit.DefineFlow(g, "weather_agent", func(ctx context.Context, model string) (string, error) {
		return genkit.GenerateText(ctx, g, ai.WithModelName(model), ai.WithSystem("You know the weather. Be brief."),
			ai.WithPrompt(question), ai.WithTools(tool))
	})
	tell(map[string]any{"agent": "weather_agent"})
	answer, err := flow.Run(ctx, "openai/gpt-4o-mini")
	if err != nil {
		panic(err)
	}
	tell(map[string]any{"answer": answer})
	supports := &ai.ModelSupports{Multiturn: true, Tools: true, SystemRole: true}
	models.DefineModel("overloaded", ai.ModelOptions{Supports: supports})
	if _, err := flow.Run(ctx, "openai/overloaded"); err != nil {
		fmt.Println("refused:", err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		panic(err)
	}
}
