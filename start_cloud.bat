@echo off
rem AI Monitor on Windows:  1 local test   2 deploy   3 client
rem Without a menu:         start_cloud.bat 1
setlocal
cd /d "%~dp0"

set "CHOICE=%~1"
if defined CHOICE goto chosen
echo.
echo   AI Monitor
echo     1  Local test: hub and edge on this computer, with sample footage
echo     2  Deploy: what to enter at Render, or the whole system with Docker
echo     3  Client: send a camera of this computer or network to a hub
echo.
set /p "CHOICE=  Choose 1, 2 or 3: "

:chosen
if "%CHOICE%"=="1" goto local
if "%CHOICE%"=="2" goto deploy
if "%CHOICE%"=="3" goto client
echo Expected 1, 2 or 3, got "%CHOICE%".
exit /b 2

:local
call :prepare || exit /b 1
start "" /b cmd /c "timeout /t 15 /nobreak >nul & start http://127.0.0.1:8000/"
".venv\Scripts\aimonitor.exe" demo
exit /b %ERRORLEVEL%

:deploy
where docker >nul 2>nul && goto compose
echo.
echo   Render (free plan), New ^> Web Service, this repository:
echo     Build Command       pip install -r requirements_cloud.txt
echo     Start Command       python cloud_api.py
echo     Health Check Path   /health
echo     Environment         AIMONITOR_TOKENS=a-long-secret
echo                         AIMONITOR_ADMIN_PASSWORD=another, to sign in as admin
echo   Or New ^> Blueprint, which reads render.yaml and makes the secret.
echo   docs\guide\deployment.md tells the rest, and of other places.
exit /b 0

:compose
echo Docker is here: building and starting the whole system.
docker compose up -d --build || exit /b 1
echo Open https://localhost/ - the certificate is of our own making, so the browser asks once.
exit /b 0

:client
call :prepare || exit /b 1
if not defined HUB set /p "HUB=  Address of the hub (such as wss://my-hub.onrender.com): "
if not defined CAMERA set /p "CAMERA=  Camera (usb:0, http://192.168.1.50:81/stream, rtsp://...): "
if not defined AIMONITOR_EDGE_TOKEN set /p "AIMONITOR_EDGE_TOKEN=  Secret of the edges (empty if the hub has none): "
if not defined CAMERA set "CAMERA=usb:0"
if not defined HUB set "HUB=ws://127.0.0.1:8000"
".venv\Scripts\aimonitor.exe" doctor hub token tls websocket camera --hub "%HUB%" --camera "%CAMERA%"
".venv\Scripts\aimonitor.exe" edge --hub "%HUB%" --camera "%CAMERA%"
exit /b %ERRORLEVEL%

rem Python environment, made once.
:prepare
if exist ".venv\Scripts\aimonitor.exe" exit /b 0
set "PYTHON=py -3"
where py >nul 2>nul || set "PYTHON=python"
%PYTHON% -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul || (
  echo Python 3.11 or newer is needed: install it from python.org and run this again.
  exit /b 1
)
echo Setting up, once...
%PYTHON% -m venv .venv || exit /b 1
".venv\Scripts\python.exe" -m pip install --disable-pip-version-check --require-hashes -r requirements\run.txt || exit /b 1
".venv\Scripts\python.exe" -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . || exit /b 1
if exist "src\aimonitor\hub\static\index.html" exit /b 0
where npm >nul 2>nul || (
  echo Node.js is not here, so the dashboard is not built; the rest works. Install Node 20 or newer for it.
  exit /b 0
)
pushd web
call npm ci --no-audit --no-fund && call npm run build
popd
exit /b 0
