package weather;

import com.google.adk.agents.Callbacks;
import com.google.adk.agents.LlmAgent;
import com.google.adk.models.Gemini;
import com.google.adk.runner.InMemoryRunner;
import com.google.adk.tools.Annotations.Schema;
import com.google.adk.tools.FunctionTool;
import com.google.genai.Client;
import com.google.genai.types.Content;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.google.genai.types.Part;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.reactivex.rxjava3.core.Maybe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Google's Agent Development Kit with its own telemetry: an agent hands over to another. */
public class Weather {
    static final String SESSION = "session-7f3a";
    static final String QUESTION = "How is the weather in Atlantis, and in Lisbon?";

    /** Adds a line to the file that TRUTH names: what the program's own functions did, apart from its telemetry. */
    static void tell(String line) {
        try {
            Files.writeString(Path.of(System.getenv("TRUTH")), line + "\n",
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    @Schema(name = "get_weather", description = "The weather of a city.")
    public static Map<String, Object> getWeather(@Schema(name = "city") String city) {
        String start = "{\"tool\": \"get_weather\", \"arguments\": {\"city\": \"" + city + "\"}, ";
        if (city.equals("Atlantis")) {
            tell(start + "\"error\": \"no city is called " + city + "\"}");
            throw new IllegalArgumentException("no city is called " + city);
        }
        String result = "sunny and 24 degrees in " + city;
        tell(start + "\"result\": \"" + result + "\"}");
        return Map.of("result", result);
    }

    static String ask(String model) {
        Client client = Client.builder().apiKey("none")
                .httpOptions(HttpOptions.builder().baseUrl(System.getenv("MODEL_URL"))
                        .retryOptions(HttpRetryOptions.builder().attempts(1)).build())
                .build();
        LlmAgent expert = LlmAgent.builder()
                .name("weather_agent")
                .description("Knows the weather.")
                .model(new Gemini(model, client))
                .instruction("You know the weather. Be brief.")
                .tools(FunctionTool.create(Weather.class, "getWeather"))
                // A tool's error ends the run, unless a callback makes an answer of it.
                .onToolErrorCallback((Callbacks.OnToolErrorCallback) (context, tool, arguments, toolContext, error) ->
                        Maybe.just(Map.of("error", String.valueOf(error.getMessage()))))
                .build();
        LlmAgent concierge = LlmAgent.builder()
                .name("concierge")
                .model(new Gemini(model, client))
                .instruction("Ask who knows.")
                .subAgents(expert)
                .build();
        InMemoryRunner runner = new InMemoryRunner(concierge, "travel");
        String session = model.contains("overloaded") ? "session-late" : SESSION;
        runner.sessionService().createSession("travel", "user", new ConcurrentHashMap<>(), session).blockingGet();
        StringBuilder answer = new StringBuilder();
        runner.runAsync("user", session, Content.fromParts(Part.fromText(QUESTION))).blockingForEach(event -> {
            System.out.println(event.toJson());
            if (event.finalResponse()) {
                answer.append(event.stringifyContent());
            }
        });
        return answer.toString();
    }

    public static void main(String[] words) {
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(BatchSpanProcessor.builder(
                        OtlpHttpSpanExporter.builder().setEndpoint(System.getenv("SINK_URL") + "/v1/traces").build())
                        .build())
                .build();
        OpenTelemetrySdk.builder().setTracerProvider(provider).buildAndRegisterGlobal();
        tell("{\"agent\": \"concierge\"}");
        tell("{\"agent\": \"weather_agent\"}");
        tell("{\"session\": \"" + SESSION + "\"}");
        tell("{\"answer\": \"" + ask("gemini-2.5-flash") + "\"}");
        try {
            ask("gemini-overloaded");
        } catch (RuntimeException error) {
            System.out.println("refused: " + error);
        }
        provider.shutdown().join(10, java.util.concurrent.TimeUnit.SECONDS);
        System.exit(0);
    }
}
